import { systemAuthorities } from "../registry/http/authorities.js";
import { proxyChoice } from "../registry/http/proxy-choice.js";
import { defaultDelays } from "../registry/http/retry.js";
import { Transport } from "../registry/http/transport.js";
import type { Io } from "./io.js";
import { extraAuthorities } from "./session.js";

/** How servers that are no registries are reached: by the proxies and authorities of the environment. */
export interface WebOptions {
  readonly transport: Transport;
  readonly retryDelays: readonly number[];
}

/** Makes connections; whoever asks for them closes them. */
export function webOptions({ env }: Pick<Io, "env">): WebOptions {
  const transport = new Transport({
    ca: extraAuthorities(env),
    moreAuthorities: () => systemAuthorities(env["SSL_CERT_FILE"]),
    proxy: proxyChoice(env),
    isInsecure: () => false,
  });
  return { transport, retryDelays: defaultDelays };
}
