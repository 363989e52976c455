// The shape of docs/entries.md: the module is loaded while the authToken is on its way.
import { builder, start } from "./flow.js";

const token = start();
const proveAuth = await import("./handset.js");
await proveAuth.preload();
const { authToken } = await token;
await builder(proveAuth).build().authenticate(authToken);
globalThis.verifiedAt = performance.now();
