/**
 * This page's own server. It holds the credentials and calls the public API (`/v3/start`, `/v3/validate`,
 * `/v3/complete`); the page only ever sees an authToken and a correlationId. In the sandbox it is built in.
 */

export interface StartRequest {
  flowType: "mobile" | "desktop";
  /** Left out when the page asks for it during the flow. */
  phoneNumber?: string;
  allowOTPRetry: boolean;
}

export interface Started {
  authToken: string;
  correlationId: string;
}

export interface Validated {
  success: boolean;
  phoneNumber?: string;
}

export interface Completed {
  success: boolean;
}

/** What the server answered instead of a result. */
export class BackendError extends Error {
  override readonly name = "BackendError";

  constructor(
    message: string,
    /** The public API's error code; none when the server could not be reached. */
    readonly code?: number,
  ) {
    super(message);
  }
}

export const start = (request: StartRequest): Promise<Started> => post("/demo/start", request);

export const validate = (correlationId: string): Promise<Validated> => post("/demo/verify", { correlationId });

export const complete = (correlationId: string, firstName: string, lastName: string): Promise<Completed> =>
  post("/demo/complete", { correlationId, individual: { firstName, lastName } });

async function post<Reply>(path: string, request: object): Promise<Reply> {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  }).catch(() => {
    throw new BackendError("the server cannot be reached");
  });
  const reply = await response.json().catch(() => ({ message: `the server answered with HTTP ${response.status}` }));
  if (!response.ok) throw new BackendError(reply.message, reply.code);
  return reply;
}
