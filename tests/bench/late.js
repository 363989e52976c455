// The shape of the README's example: one thing after the other.
import { builder, start } from "./flow.js";
import * as proveAuth from "./handset.js";

const { authToken } = await start();
await builder(proveAuth).build().authenticate(authToken);
globalThis.verifiedAt = performance.now();
