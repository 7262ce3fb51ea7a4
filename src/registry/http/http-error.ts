import { BuildError, type BuildErrorCode, type BuildErrorContext } from "../../error.js";

/** What else is known of a failed exchange. */
export interface HttpErrorContext extends BuildErrorContext {
  /** The HTTP status of the answer, where there was one. */
  readonly status?: number | undefined;
  /** How long the server wants us to wait before the next try, in milliseconds. */
  readonly retryAfter?: number | undefined;
}

/** A failure to talk with a server. Carries no credentials, and no query of a URL. */
export class HttpError extends BuildError {
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;

  constructor(
    code: BuildErrorCode,
    message: string,
    { status, retryAfter, ...context }: HttpErrorContext = {},
  ) {
    super(code, message, context);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}
