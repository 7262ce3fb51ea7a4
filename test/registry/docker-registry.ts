import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { makeCertificate, type CertificateFiles } from "./certificates.js";

export interface RegistryServerOptions {
  /** Who may come in; everyone when missing. */
  readonly login?: { readonly username: string; readonly password: string };
  /** Where to get tokens instead: settings of its "token" authorization. */
  readonly tokens?: Readonly<Record<string, string>>;
  /** Speak TLS: with a certificate of its own, or with this one. */
  readonly tls?: boolean | CertificateFiles;
  /** Let only those in whom this authority (a file) knows. */
  readonly clients?: string;
}

/** A real `docker-registry` on a free loopback port, empty, gone when disposed. */
export interface RegistryServer extends AsyncDisposable {
  /** "127.0.0.1:40123". */
  readonly host: string;
  /** The certificate that it shows, as PEM; "" without TLS. */
  readonly ca: string;
}

const run = promisify(execFile);

/** Starts a registry and waits until it listens. */
export async function startRegistry(options: RegistryServerOptions = {}): Promise<RegistryServer> {
  const directory = await mkdtemp(join(tmpdir(), "tsbuild-registry-"));
  const files = await certificateFiles(directory, options);
  const config = await configure(directory, options, files);
  const server = spawn("docker-registry", ["serve", config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const host = await listening(server);
  return {
    host,
    ca: files === undefined ? "" : await readFile(files.certificate, "utf8"),
    async [Symbol.asyncDispose]() {
      const exited = once(server, "exit");
      server.kill("SIGKILL");
      await exited;
      await rm(directory, { recursive: true });
    },
  };
}

async function certificateFiles(
  directory: string,
  { tls = false }: RegistryServerOptions,
): Promise<CertificateFiles | undefined> {
  if (typeof tls === "object") return tls;
  return tls ? await makeCertificate(directory, "cert") : undefined;
}

async function configure(
  directory: string,
  { login, tokens, clients }: RegistryServerOptions,
  files: CertificateFiles | undefined,
): Promise<string> {
  const config = {
    version: "0.1",
    storage: { filesystem: { rootdirectory: join(directory, "data") } },
    http: {
      addr: "127.0.0.1:0",
      ...(files === undefined
        ? {}
        : { tls: { ...files, ...(clients && { clientcas: [clients] }) } }),
    },
    ...(tokens === undefined ? {} : { auth: { token: tokens } }),
    ...(login === undefined
      ? {}
      : { auth: { htpasswd: { realm: "test", path: join(directory, "htpasswd") } } }),
  };
  if (login !== undefined) {
    const { stdout } = await run("htpasswd", ["-Bbn", login.username, login.password]);
    await writeFile(join(directory, "htpasswd"), stdout);
  }
  const file = join(directory, "config.yml");
  await writeFile(file, JSON.stringify(config)); // every JSON is YAML
  return file;
}

async function listening(server: ChildProcess): Promise<string> {
  const { stderr } = server;
  if (stderr === null) throw new Error("stderr is a pipe");
  const seen: string[] = [];
  const lines = createInterface({ input: stderr });
  for await (const line of lines) {
    seen.push(line);
    const host = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (host === undefined) continue;
    stderr.resume(); // or the pipe fills up and the registry stops
    return host;
  }
  throw new Error(`docker-registry did not start:\n${seen.join("\n")}`);
}
