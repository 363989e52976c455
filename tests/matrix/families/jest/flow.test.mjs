import { expect, test } from "@jest/globals";
import * as proveAuth from "handset";
import { outcomeOf } from "./flow.mjs";

test("the flow", async () => {
  expect(await outcomeOf(proveAuth, process.env.AUTH_TOKEN)).toEqual({ finished: true });
});
