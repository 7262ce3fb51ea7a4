import type { Credentials } from "./docker-config.js";

/** The Authorization header of RFC 7617. */
export function basic({ username, password }: Credentials & { kind: "password" }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
