import js from "@eslint/js";
import globals from "globals";
import typescript from "typescript-eslint";

/** js/ holds classes and values, and nothing asynchronous. Rust decides all timing and tests it in virtual time. */
const noTimeInJs = [
  { selector: "AwaitExpression, ForOfStatement[await=true]", message: "js/ does not wait: put it into Rust's flow/." },
  { selector: ":function[async=true]", message: "js/ has no async functions: put it into Rust's flow/." },
];
const noTimeGlobals = ["setTimeout", "setInterval", "setImmediate", "requestAnimationFrame", "queueMicrotask", "fetch", "XMLHttpRequest", "WebSocket", "EventSource"];

export default [
  { ignores: ["target/", "pkg/", "build/", "www/dist/", "tests/output/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  { rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" } },
  {
    files: ["js/**/*.js"],
    // Not `globals.browser`: this list holds each global that js/ may use.
    languageOptions: {
      globals: {
        HANDSET_API_EXPORTS: "readonly",
        HANDSET_VERSION: "readonly",
        ...Object.fromEntries(["CustomEvent", "Event", "EventTarget", "WebAssembly", "console", "globalThis"].map((name) => [name, "readonly"])),
      },
    },
    rules: {
      "no-restricted-syntax": ["error", ...noTimeInJs],
      "no-restricted-globals": ["error", ...noTimeGlobals],
      "no-restricted-properties": ["error", ...noTimeGlobals.map((property) => ({ property, message: "js/ has no timers and no network: use Rust's browser/." }))],
    },
  },
  {
    // The only file of js/ with timers and network, on behalf of Rust's browser/.
    files: ["js/host.js"],
    languageOptions: { globals: Object.fromEntries(["AbortController", "Image", "Request", "TextDecoder", "indexedDB", "localStorage", "performance"].map((name) => [name, "readonly"])) },
    rules: { "no-restricted-globals": "off", "no-restricted-properties": "off" },
  },
  { files: ["scripts/**/*.mjs", "tests/**/*.mjs", "sandbox/examples/*.mjs", "*.mjs"], languageOptions: { globals: globals.node } },
  { files: ["tests/matrix/app/*.{js,cjs}", "tests/matrix/families/**/*.js"], languageOptions: { globals: { ...globals.browser, ...globals.node, ...globals.jest } } },
  // Functions that playwright runs in the page.
  { files: ["tests/**/*.mjs"], languageOptions: { globals: globals.browser } },
  { files: ["tests/bench/*.js"], languageOptions: { globals: globals.browser } },
  ...typescript.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ["www/**/*.ts"] })),
  {
    files: ["www/**/*.ts"],
    languageOptions: { parserOptions: { project: "./www/tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: { "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }] },
  },
  ...typescript.configs.strict.map((config) => ({ ...config, files: ["js/**/*.d.ts"] })),
];
