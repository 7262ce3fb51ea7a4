import { execFile, type ExecFileException } from "node:child_process";
import { BuildError } from "../error.js";
import { dockerKey, type Credentials } from "./docker-config.js";

/** The name under which helpers keep an identity token. */
const tokenUser = "<token>";

/** The exit code of a launcher that finds no program. */
const NOT_FOUND = 127;

/** A `docker-credential-*` program: keeps credentials somewhere safer than a file. */
export class CredentialHelper {
  readonly #program: string;
  readonly #launcher: readonly string[];

  /** `launcher` is a command that starts the program which follows it. */
  constructor(suffix: string, launcher: readonly string[] = []) {
    this.#launcher = launcher;
    this.#program = `docker-credential-${suffix}`;
    // The suffix comes from a file and must not lead out of PATH.
    if (!/^[\w.-]+$/.test(suffix)) throw this.#failed("use", "it is not a program name");
  }

  /** What it knows for a registry; undefined when that is nothing. */
  async get(registry: string, signal?: AbortSignal): Promise<Credentials | undefined> {
    const action = `get credentials for "${registry}" from`;
    const { error, stdout } = await this.#run("get", dockerKey(registry), signal);
    if (error === null) return this.#parse(stdout, action);
    if (/credentials not found/i.test(stdout)) return undefined;
    throw this.#ended(action, error);
  }

  /** Keeps credentials; they reach the program by its standard input only. */
  async store(registry: string, credentials: Credentials, signal?: AbortSignal): Promise<void> {
    const [Username, Secret] =
      credentials.kind === "password"
        ? [credentials.username, credentials.password]
        : [tokenUser, credentials.token];
    const input = JSON.stringify({ ServerURL: dockerKey(registry), Username, Secret });
    const { error } = await this.#run("store", input, signal);
    if (error !== null) throw this.#ended(`keep credentials for "${registry}" with`, error);
  }

  /** Drops what it knows for a registry, if anything. */
  async erase(registry: string, signal?: AbortSignal): Promise<void> {
    const { error, stdout } = await this.#run("erase", dockerKey(registry), signal);
    if (error === null || /credentials not found/i.test(stdout)) return;
    throw this.#ended(`remove credentials for "${registry}" from`, error);
  }

  async #run(verb: string, input: string, signal: AbortSignal | undefined): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve) => {
      const options = signal === undefined ? {} : { signal };
      const [file, ...argv] = [...this.#launcher, this.#program, verb];
      const child = execFile(file, argv, options, (error, stdout) => {
        resolve({ error, stdout });
      });
      // A helper that ends without reading breaks the pipe; its exit status tells more.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input);
    });
    signal?.throwIfAborted();
    return answer;
  }

  #parse(stdout: string, action: string): Credentials | undefined {
    const { Username, Secret } = this.#parseObject(stdout, action);
    if (typeof Username !== "string" || typeof Secret !== "string" || Secret === "") {
      return undefined;
    }
    if (Username === tokenUser) return { kind: "identity-token", token: Secret };
    return { kind: "password", username: Username, password: Secret };
  }

  #parseObject(stdout: string, action: string): Readonly<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse(stdout);
      if (typeof value === "object" && value !== null) return { ...value };
    } catch {
      // Falls through without the cause: it would quote the secret.
    }
    throw this.#failed(action, "its answer is not JSON");
  }

  #ended(action: string, { code, signal }: ExecFileException): BuildError {
    const isMissing = code === "ENOENT" || (this.#launcher.length > 0 && code === NOT_FOUND);
    if (isMissing) return this.#failed(action, "it is not installed");
    return this.#failed(action, `it ended with ${String(code ?? signal)}`);
  }

  #failed(action: string, why: string): BuildError {
    return new BuildError("AUTH", `Cannot ${action} ${this.#program}: ${why}`, {
      hint: "the Docker configuration file names it in credsStore or credHelpers",
    });
  }
}

interface Answer {
  readonly error: ExecFileException | null;
  readonly stdout: string;
}
