import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";

/** Files and git repositories of a directory over HTTP on loopback. */
export interface WebServer extends AsyncDisposable {
  /** "http://127.0.0.1:40123". */
  readonly url: string;
  /** What was asked: "GET /a.txt", with "304" where nothing was sent. */
  readonly asked: string[];
}

/** Serves `root`; with `password`, repositories only for "x-access-token" with that. */
export async function serve(root: string, password?: string): Promise<WebServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    if (/\.git(?:\/|$)/.test(pathname)) serveGit({ root, password, request, response });
    else serveFile({ root, pathname, request, response });
    response.once("finish", () => {
      const sent = response.statusCode === 200 ? "" : ` ${response.statusCode}`;
      asked.push(`${request.method} ${pathname}${sent}`);
    });
  });
  return { ...(await listening(server)), asked };
}

/** Sends whoever asks to the same path at the server `url`. */
export async function redirectTo(url: string): Promise<Omit<WebServer, "asked">> {
  return await listening(
    createServer((request, response) => {
      response.writeHead(302, { Location: `${url}${request.url}` }).end();
    }),
  );
}

async function listening(server: Server): Promise<Omit<WebServer, "asked">> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Exchange {
  readonly root: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function serveFile({
  root,
  pathname,
  request,
  response,
}: Exchange & { readonly pathname: string }): void {
  const path = join(root, pathname);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    response.writeHead(404).end();
    return;
  }
  const bytes = readFileSync(path);
  const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
  response.setHeader("ETag", etag);
  response.setHeader("Last-Modified", "Tue, 05 Mar 2024 10:00:00 GMT");
  if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
  else response.end(bytes);
}

/** One request to git's own CGI program. */
function serveGit({
  root,
  password,
  request,
  response,
}: Exchange & { readonly password: string | undefined }): void {
  const login = Buffer.from(`x-access-token:${password}`).toString("base64");
  if (password !== undefined && request.headers.authorization !== `basic ${login}`) {
    response.writeHead(401, { "WWW-Authenticate": 'Basic realm="git"' }).end();
    return;
  }
  const { pathname, search } = new URL(request.url ?? "/", "http://x");
  const backend = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: [request.headers["git-protocol"] ?? ""].join(),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  backend.stdin.on("error", () => undefined);
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  backend.stdout.on("end", () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf("\r\n\r\n");
    for (const line of answer.toString("latin1", 0, end).split("\r\n")) {
      const [name = "", value = ""] = line.split(/: (.*)/s);
      if (name === "Status") response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.end(answer.subarray(end + 4));
  });
}

/** A repository in the making, to be served from beside it. */
export class TestRepository {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    this.git("init", "--quiet", "--initial-branch=main");
    // As the big hosts: any commit may be asked for.
    this.git("config", "uploadpack.allowAnySHA1InWant", "true");
  }

  git(...args: readonly string[]): string {
    const env = {
      PATH: process.env["PATH"],
      HOME: "/nonexistent",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@x.org",
      GIT_AUTHOR_DATE: "1700000000 +0000",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@x.org",
      GIT_COMMITTER_DATE: "1700000000 +0000",
      GIT_ALLOW_PROTOCOL: "file",
    };
    return execFileSync("git", args, { cwd: this.directory, env, encoding: "utf8" }).trim();
  }

  /** The id of a new commit with these files. */
  commit(files: Readonly<Record<string, string>>): string {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.directory, name)), { recursive: true });
      writeFileSync(join(this.directory, name), text);
    }
    this.git("add", "--all");
    this.git("commit", "--quiet", "--message=change");
    return this.git("rev-parse", "HEAD");
  }
}
