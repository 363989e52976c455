// A page's whole OTP flow, as the input of every build tool. Old syntax on purpose, so that only the package can cause a syntax error.

/** The text of an error with its causes. */
function inFull(error) {
  if (!(error instanceof Error)) return String(error);
  return (error.kind ? error.kind + ": " : "") + error.message + (error.cause ? " (cause: " + inFull(error.cause) + ")" : "");
}

/** Runs the flow of an authToken; resolves after a successful end and its AuthFinishStep. */
export function runFlow(proveAuth, authToken) {
  return new Promise(function (resolve, reject) {
    let finished = 0;
    proveAuth.LoggerFactory.setLogLevel(proveAuth.LogLevel.trace);
    const authenticator = new proveAuth.AuthenticatorBuilder()
      .withOtpFallback(
        function () {
          return null;
        },
        function () {
          return { resultType: proveAuth.OtpFinishResultType.OnSuccess, input: { otp: "1234" } };
        },
      )
      .withInstantLinkFallback(function () {
        return null;
      })
      .withAuthFinishStep(function (input) {
        if (input.failure) throw input.failure;
        finished += 1;
      })
      .build();
    authenticator.authenticate(authToken).then(function () {
      if (finished === 1) resolve();
      else reject(new Error("the AuthFinishStep ran " + finished + " times"));
    }, reject);
  });
}

/** Runs the flow; resolves with `{ finished: true }`, or with the error. */
export function outcomeOf(proveAuth, authToken) {
  // The constructor may throw.
  return Promise.resolve()
    .then(function () {
      return runFlow(proveAuth, authToken);
    })
    .then(
      function () {
        return { finished: true };
      },
      function (error) {
        return { error: inFull(error), kind: error && error.kind };
      },
    );
}
