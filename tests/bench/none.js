// The same page without Handset.
import { start, twoRequests } from "./flow.js";

const { authToken } = await start();
await twoRequests(authToken);
globalThis.verifiedAt = performance.now();
