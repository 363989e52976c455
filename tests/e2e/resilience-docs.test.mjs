// docs/resilience.md names tests: each named test exists, and every test of a fault is named.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./sandbox.mjs";

/** The files whose tests must all be in the tables. */
const WHOLE = ["resilience", "resilience-repeats", "resilience-sleep", "clocks"];

const rows = (await readFile(join(root, "docs", "resilience.md"), "utf8"))
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()))
  .filter(([first]) => first !== "what happens");

/** The tests in the last column: {file, name}. */
const cited = rows.flatMap((cells) =>
  cells.at(-1).split("<br>").map((text) => {
    const { file, name } = /^`(?<file>[\w-]+)` (?<name>.+)$/.exec(text)?.groups ?? {};
    return { file, name, text };
  }),
);

const sources = new Map();
async function source(file) {
  if (!sources.has(file)) sources.set(file, await readFile(join(root, "tests", "e2e", `${file}.test.mjs`), "utf8"));
  return sources.get(file);
}

/** The titles of a file's tests, each as a pattern; the holes of a template become groups. */
async function titles(file) {
  const calls = /\b(?:scenario|background|withBackend|onClocks|atResend)\(\s*(?:"(?<text>(?:[^"\\]|\\.)*)"|`(?<template>[^`]*)`)/g;
  return [...(await source(file)).matchAll(calls)].map(({ groups: { text, template } }) => {
    const parts = (template ?? text).split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return { title: template ?? text, pattern: new RegExp(`^${parts.join("(.+)")}$`) };
  });
}

/** Whether the title can produce the name. The text in each hole must be in the file. */
async function names({ file, name }, { pattern }) {
  // These titles get the flow's name appended.
  const bare = file === "resilience-repeats" ? name.replace(/ \((?:mobile|desktop)\)$/, "") : name;
  const known = (await source(file)).replace(/(?<=\d)_(?=\d)/g, "");
  return [name, bare].some((candidate) => pattern.exec(candidate)?.slice(1).every((hole) => known.includes(hole)));
}

test("every row of docs/resilience.md has all its cells and names a test", () => {
  assert.ok(rows.length > 40, `${rows.length} rows`);
  assert.deepEqual(rows.filter((cells) => cells.length !== 5 || cells.includes("")), []);
  assert.deepEqual(cited.filter(({ file }) => !file), []);
});

test("every test that docs/resilience.md names exists", async () => {
  const missing = [];
  for (const citation of cited) {
    const found = await Promise.all((await titles(citation.file)).map((title) => names(citation, title)));
    if (!found.includes(true)) missing.push(citation.text);
  }
  assert.deepEqual(missing, []);
});

test("every test of a fault stands in docs/resilience.md", async () => {
  const missing = [];
  for (const file of WHOLE) {
    const own = cited.filter((citation) => citation.file === file);
    const all = await titles(file);
    assert.ok(all.length > 5, `${file}: ${all.length} titles`);
    for (const title of all) {
      const found = await Promise.all(own.map((citation) => names(citation, title)));
      if (!found.includes(true)) missing.push(`${file}: ${title.title}`);
    }
  }
  assert.deepEqual(missing, []);
});
