/** Verifies a phone with Handset. */
import * as proveAuth from "handset";
import * as backend from "./backend.js";
import * as steps from "./steps.js";

/** Result of a verification. */
export interface Ending {
  /** The final state of the flow. */
  state: proveAuth.FlowState;
  /** The reply of Validate; undefined if the flow ended before the call. */
  validated?: backend.Validated;
  correlationId: string;
  /** Why the possession check failed, if Handset knows. */
  failure?: proveAuth.AuthError;
}

/** Callbacks of a running verification. */
export interface Watch {
  started: (correlationId: string) => void;
  changed: (change: proveAuth.StateChange) => void;
}

let running: proveAuth.CancelablePromise<void> | undefined;

/** The flow type for this browser: `mobile` for a code, `desktop` for a link. */
export const flowType = () => new proveAuth.AuthenticatorBuilder().build().getFlowType();

/** Runs a verification. Resolves when the flow ends; rejects with an AuthError or a BackendError if it could not run. */
export async function verify(
  request: backend.StartRequest,
  watch: Watch,
): Promise<Ending> {
  // 1. The server starts the flow and gives the page an authToken.
  const { authToken, correlationId } = await backend.start(request);
  const ending: Ending = { state: "idle", correlationId };
  watch.started(correlationId);

  // 2. Handset runs the flow. The authToken and the backend decide which steps Handset calls.
  const authenticator = new proveAuth.AuthenticatorBuilder()
    .withOtpFallback(steps.start, steps.otpFinish)
    .withInstantLinkFallback(steps.start, steps.linkRetry)
    .withAuthFinishStep(async () => {
      // 3. The possession check is over. Only the server's result counts, so the server calls Validate.
      ending.validated = await backend.validate(correlationId);
    })
    .build();

  const unsubscribe = authenticator.addEventListener("statechange", ({ detail }) => {
    ending.state = detail.state;
    if (detail.failure) ending.failure = detail.failure;
    watch.changed(detail);
  });
  try {
    running = authenticator.authenticate(authToken);
    await running;
    return ending;
  } finally {
    running = undefined;
    unsubscribe();
  }
}

/** Cancels the running flow: closes its sockets, timers and requests. `verify` then resolves. */
export const cancel = () => running?.cancel();
