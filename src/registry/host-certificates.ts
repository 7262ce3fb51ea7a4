import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../error.js";
import { codeOf } from "./http/error-code.js";
import type { HostCertificates } from "./http/trust.js";

/**
 * Finds the certificates for a host[:port] in directories of Docker's layout (`certs.d`): in
 * HOST/ authorities are *.crt, client certificates *.cert, each with its *.key. The first directory
 * that has one for the host counts.
 */
export function hostCertificates(
  directories: readonly string[],
): (host: string) => Promise<HostCertificates | undefined> {
  return async (host) => {
    for (const directory of directories) {
      for (const name of namesOf(host)) {
        const found = await readCertificates(join(directory, name));
        if (found !== undefined) return found;
      }
    }
    return undefined;
  };
}

/** URLs leave the port of HTTPS out, and Docker Hub's API has a host of its own. */
function namesOf(host: string): readonly string[] {
  const names = /:\d+$/.test(host) ? [host] : [host, `${host}:443`];
  return host === "registry-1.docker.io" ? [...names, "docker.io"] : names;
}

async function readCertificates(directory: string): Promise<HostCertificates | undefined> {
  // What the system's administrator keeps from this user is not for this user.
  const names = await reading(directory, () => readdir(directory), ["EACCES"]);
  if (names === undefined) return undefined;
  const ending = (end: string) => names.filter((name) => name.endsWith(end)).sort();
  const read = async (name: string): Promise<string> => {
    const path = join(directory, name);
    return (await reading(path, () => readFile(path, "utf8"))) ?? "";
  };
  const clients = pairs(directory, ending(".cert"), ending(".key"));
  return {
    directory,
    authorities: await Promise.all(ending(".crt").map(read)),
    clients: await Promise.all(
      clients.map(async ([cert, key]) => ({ cert: await read(cert), key: await read(key) })),
    ),
  };
}

function pairs(
  directory: string,
  certificates: readonly string[],
  keys: readonly string[],
): readonly (readonly [certificate: string, key: string])[] {
  const [lonely] = [
    ...certificates.filter((name) => !keys.includes(name.replace(/cert$/, "key"))),
    ...keys.filter((name) => !certificates.includes(name.replace(/key$/, "cert"))),
  ];
  if (lonely === undefined) return certificates.map((name) => [name, name.replace(/cert$/, "key")]);
  const wanted = lonely.endsWith("key") ? "its certificate (*.cert)" : "its key (*.key)";
  throw new BuildError(
    "REGISTRY",
    `Cannot use "${join(directory, lonely)}": ${wanted} is missing`,
    {
      hint: "an authority to trust is called *.crt",
    },
  );
}

/** Undefined for what is not there. */
async function reading<T>(
  path: string,
  read: () => Promise<T>,
  also: readonly string[] = [],
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const code = codeOf(error) ?? "";
    if (["ENOENT", "ENOTDIR", ...also].includes(code)) return undefined;
    throw new BuildError("REGISTRY", `Cannot read "${path}": ${code}`, { cause: error });
  }
}
