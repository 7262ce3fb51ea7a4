import type { Connection } from "./connection.js";
import { failureOf } from "./failure.js";
import { discard } from "./http/transport.js";
import { RegistryError } from "./registry-error.js";

/** See RegistryClient.logIn. */
export async function logIn(
  connection: Connection,
  registry: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const request = { method: "GET", registry, path: "", scopes: [] } as const;
  const answer = await connection.send(request, signal).catch((error: unknown) => {
    throw refusedByTokenServer(error, registry) ?? error;
  });
  if (answer.status !== 200) {
    throw await failureOf({ registry, verb: "log in to", name: registry }, answer);
  }
  discard(answer.response);
  return connection.identityToken(registry, signal);
}

/** What it says of a token means little to somebody who just typed a password. */
function refusedByTokenServer(error: unknown, registry: string): RegistryError | undefined {
  if (!(error instanceof RegistryError) || error.code !== "AUTH") return undefined;
  const { status } = error;
  const message = `Cannot log in to "${registry}": access denied`;
  return new RegistryError("AUTH", message, { status, cause: error });
}
