// The flow in Node, as an ES module. The authToken is in the environment.
import * as proveAuth from "handset";
import { outcomeOf } from "./flow.mjs";

const outcome = await outcomeOf(proveAuth, process.env.AUTH_TOKEN);
if (!outcome.finished) throw new Error(outcome.error);
