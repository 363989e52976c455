const proveAuth = require("handset");
const { outcomeOf } = require("./flow.cjs");

test("the flow", async () => {
  expect(await outcomeOf(proveAuth, process.env.AUTH_TOKEN)).toEqual({ finished: true });
});
