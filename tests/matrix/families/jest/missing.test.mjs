import { expect, test } from "@jest/globals";
import * as proveAuth from "handset";

test("the error names the missing globals", () => {
  let error;
  try {
    new proveAuth.AuthenticatorBuilder();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ kind: "unsupported", message: expect.stringMatching(/TextDecoder/) });
  expect(error.message).toMatch(/fetch/);
});
