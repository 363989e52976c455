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

/** The id of the running flow, beside the text that Handset keeps. It is no secret; the authToken is, and is never stored. */
const OWN_FLOW = "signup.flow";

/** Whether a flow ran when this page was last left, by a reload, a crash or a discarded tab. */
export const canGoOn = () => sessionStorage.getItem("handset.flow") !== null && sessionStorage.getItem(OWN_FLOW) !== null;

/** The page's server starts a flow or, after a reload, gives the page the same authToken again. */
async function flowOf(request: backend.StartRequest | undefined): Promise<backend.Started> {
  const own = sessionStorage.getItem(OWN_FLOW) ?? "";
  // A flow that the server no longer has is tried once.
  sessionStorage.removeItem(OWN_FLOW);
  const started = request ? await backend.start(request) : await backend.again(own);
  sessionStorage.setItem(OWN_FLOW, started.correlationId);
  return started;
}

/** Runs a verification; without a request, the one that ran before a reload. Resolves when the flow ends; rejects with an AuthError or a BackendError if it could not run. */
export async function verify(
  request: backend.StartRequest | undefined,
  watch: Watch,
): Promise<Ending> {
  // 1. The server starts the flow and gives the page an authToken.
  const { authToken, correlationId } = await flowOf(request);
  const ending: Ending = { state: "idle", correlationId };
  watch.started(correlationId);

  // 2. Handset runs the flow. The authToken and the backend decide which steps Handset calls.
  const authenticator = new proveAuth.AuthenticatorBuilder()
    .withOtpFallback(steps.start, steps.otpFinish)
    .withInstantLinkFallback(steps.start, steps.linkRetry)
    // After a reload, the flow goes on.
    .withResume(sessionStorage)
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
    sessionStorage.removeItem(OWN_FLOW);
    unsubscribe();
  }
}

/** Cancels the running flow: closes its sockets, timers and requests. `verify` then resolves. */
export const cancel = () => running?.cancel();
