import { closeSync, constants, openSync } from "node:fs";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { posix } from "node:path";

/** Requests of the agent protocol (draft-ietf-sshm-ssh-agent, section 6). */
const LIST_KEYS = 11;
const SIGN = 13;
/** A whole answer: "failure". */
const FAILURE = Buffer.from([0, 0, 0, 1, 5]);
/** OpenSSH's own limit for a message, in bytes. */
const LONGEST = 256 * 1024;

/** Whom an agent's socket is for. */
export interface AgentProxyOptions {
  /** An existing private directory. */
  readonly work: string;
  /** Host path of the agent's socket. */
  readonly agent: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/**
 * A socket for one step, behind which the user's agent answers. It passes on what lists keys and signs,
 * nothing else: a step must not add, remove or lock the user's keys.
 */
export class AgentProxy implements AsyncDisposable {
  /** Host path of the socket. */
  readonly path: string;
  readonly #directory: string;
  readonly #fd: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(directory: string, agent: string) {
    this.#directory = directory;
    this.path = posix.join(directory, NAME);
    this.#fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    this.#server = createServer((step) => {
      this.#relay(step, connect(agent));
    });
  }

  static async open(options: AgentProxyOptions): Promise<AgentProxy> {
    const { work, agent, uid, gid, mode } = options;
    const proxy = new AgentProxy(await mkdtemp(posix.join(work, "agent-")), agent);
    try {
      await proxy.#listen();
      await chown(proxy.path, uid, gid);
      await chmod(proxy.path, mode);
      return proxy;
    } catch (error) {
      await proxy[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** By descriptor: a socket's path may have no more than 107 bytes. */
  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(`/proc/self/fd/${this.#fd}/${NAME}`, resolve);
    });
  }

  #relay(step: Socket, agent: Socket): void {
    for (const socket of [step, agent]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined); // "close" follows
      socket.on("close", () => {
        this.#sockets.delete(socket);
        step.destroy();
        agent.destroy();
      });
    }
    const requests = new Requests();
    step.on("data", (chunk) => {
      for (const request of requests.add(chunk)) {
        if (request === "too long") step.destroy();
        else if (isAllowed(request)) agent.write(request);
        else step.write(FAILURE);
      }
      waitForTakers(step, agent);
    });
    agent.pipe(step);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    closeSync(this.#fd);
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Hears no more of a step while somebody does not take what it caused: that would be kept in memory. */
function waitForTakers(step: Socket, agent: Socket): void {
  const slow = [step, agent].find((socket) => socket.writableNeedDrain);
  if (slow === undefined) return;
  step.pause();
  slow.once("drain", () => step.resume());
}

const NAME = "socket";

function isAllowed(request: Buffer): boolean {
  const type = request[4];
  return type === LIST_KEYS || type === SIGN;
}

/** Cuts a stream into requests: four bytes of length, then the type, then the rest. */
export class Requests {
  #pending = Buffer.alloc(0);

  /** The requests that are whole with this chunk. */
  add(chunk: Buffer): readonly (Buffer | "too long")[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const whole: (Buffer | "too long")[] = [];
    while (this.#pending.byteLength >= 4) {
      const end = 4 + this.#pending.readUInt32BE(0);
      if (end > LONGEST) return [...whole, "too long"];
      if (this.#pending.byteLength < end) break;
      whole.push(this.#pending.subarray(0, end));
      this.#pending = this.#pending.subarray(end);
    }
    return whole;
  }
}
