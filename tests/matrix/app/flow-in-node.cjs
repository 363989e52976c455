// The flow in Node, as CommonJS. The authToken is in the environment.
const proveAuth = require("handset");

import("./flow.mjs")
  .then(({ outcomeOf }) => outcomeOf(proveAuth, process.env.AUTH_TOKEN))
  .then((outcome) => {
    if (!outcome.finished) throw new Error(outcome.error);
  });
