import { readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Transport } from "../../registry/http/transport.js";
import type { GitRepositories } from "../../context/remote/git-repositories.js";
import type { HttpDownloads } from "../../context/remote/http-downloads.js";
import { Remotes } from "../../context/remote/remotes.js";
import type { SecretSource } from "../../secret-source.js";
import { atHome } from "../environment.js";
import { extraAuthorities, type Session } from "../session.js";

/** What a build reads from elsewhere; connections are made when the first source needs them. */
export class BuildRemotes extends Remotes implements AsyncDisposable {
  readonly #close: () => Promise<void>;

  constructor(session: Session, secrets: SecretSource) {
    let opening: Promise<Downloading> | undefined;
    const downloading = (): Promise<Downloading> => (opening ??= openDownloads(session, secrets));
    super({
      store: session.store,
      downloads: async () => (await downloading()).downloads,
      repositories: () => openRepositories(session, secrets),
    });
    this.#close = async () => {
      (await opening)?.transport.close();
    };
  }

  /** Ends the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close().catch(() => undefined); // what could not be opened has been told
  }
}

interface Downloading {
  readonly downloads: HttpDownloads;
  readonly transport: Transport;
}

/** Opens what fetches URLs. Loaded when it is needed, as the registry's client is. */
export async function openDownloads(
  { io, store }: Pick<Session, "io" | "store">,
  secrets: SecretSource,
): Promise<Downloading> {
  const [{ HttpDownloads }, { webOptions }] = await Promise.all([
    import("../../context/remote/http-downloads.js"),
    import("../web-options.js"),
  ]);
  const web = webOptions(io);
  return { downloads: new HttpDownloads({ store, secrets, ...web }), transport: web.transport };
}

async function openRepositories(
  { io, store }: Session,
  secrets: SecretSource,
): Promise<GitRepositories> {
  const [{ GitRepositories }, { Git }, { deathGuard }] = await Promise.all([
    import("../../context/remote/git-repositories.js"),
    import("../../context/remote/git.js"),
    import("../../exec/run-runtime.js"),
  ]);
  const guard = deathGuard(await readlink("/proc/self"));
  const namespace = ["unshare", "--pid", "--fork", "--kill-child=KILL"];
  const git = new Git({
    guard: ["setpriv", ...guard, ...namespace],
    env: io.env,
    authorities: await authoritiesFile(io.env, store.work),
    knownHosts: [join(store.paths.root, "known_hosts"), atHome(io.env, ".ssh", "known_hosts")],
  });
  return new GitRepositories({ git, secrets, work: store.work });
}

/** Git takes one file with all authorities. */
async function authoritiesFile(
  env: Session["io"]["env"],
  work: string,
): Promise<string | undefined> {
  const extra = extraAuthorities(env);
  if (extra === undefined) return undefined;
  const { withUsual } = await import("../../registry/http/authorities.js");
  const path = join(work, "authorities.pem");
  await writeFile(path, withUsual(extra).join("\n"), { mode: 0o600 });
  return path;
}
