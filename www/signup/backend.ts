/**
 * This page's own server. It holds the credentials and calls the public API (`/v3/start`, `/v3/validate`,
 * `/v3/complete`); the page only ever sees an authToken and a correlationId. In the sandbox it is built in.
 */

export interface StartRequest {
  flowType: "mobile" | "desktop";
  /** Absent if the page asks the person for it during the flow. */
  phoneNumber?: string;
  allowOTPRetry: boolean;
  /** Text of the SMS; four to six `#` become a code of that length, or the link. */
  smsMessage?: string;
}

export interface Started {
  authToken: string;
  correlationId: string;
}

export interface Validated {
  success: boolean;
  phoneNumber?: string;
  /** The calls allowed next; Validate itself while the possession check is running. */
  next: Record<string, string>;
}

export interface Completed {
  success: boolean;
}

/** An error reply of the server. */
export class BackendError extends Error {
  override readonly name = "BackendError";

  constructor(
    message: string,
    /** The public API's error code; undefined if the server was unreachable. */
    readonly code?: number,
  ) {
    super(message);
  }
}

export const start = (request: StartRequest): Promise<Started> => post("/demo/start", request);

/** The same flow again, for the page after a reload: the visitor's cookie and the flow's id name it. */
export const again = (correlationId: string): Promise<Started> => post("/demo/again", { correlationId });

export const validate = (correlationId: string): Promise<Validated> => post("/demo/verify", { correlationId });

export const complete = (correlationId: string, firstName: string, lastName: string): Promise<Completed> =>
  post("/demo/complete", { correlationId, individual: { firstName, lastName } });

/** The members of every error reply of the public API. */
interface Refusal {
  code?: number;
  message: string;
}

async function post<Reply>(path: string, request: object): Promise<Reply> {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  }).catch(() => {
    throw new BackendError("the server cannot be reached");
  });
  if (response.ok) return response.json() as Promise<Reply>;
  const unreadable = (): Refusal => ({ message: `the server answered with HTTP ${response.status}` });
  const refusal = await (response.json() as Promise<Refusal>).catch(unreadable);
  throw new BackendError(refusal.message, refusal.code);
}
