// For a test environment that is jsdom's: lends it what jsdom lacks, from Node around it.
const { runInThisContext } = require("node:vm");

for (const name of ["TextDecoder", "TextEncoder", "fetch", "Request", "Response", "Headers"]) {
  globalThis[name] = runInThisContext(name);
}
