// For a jsdom test environment: adds the globals that jsdom lacks, from the surrounding Node.
const { runInThisContext } = require("node:vm");

for (const name of ["TextDecoder", "TextEncoder", "fetch", "Request", "Response", "Headers"]) {
  globalThis[name] = runInThisContext(name);
}
