import { assert } from "chai";
import { readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { accounts } from "./support/accounts.js";
import { loadBusybox } from "./support/base-images.js";
import { program, run } from "./support/run.js";
import { describeForAccounts } from "./support/site.js";
import { makeDirectory, removeDirectory, writeFiles } from "./support/temporary.js";

const files = {
  Dockerfile: `FROM busybox AS tools
RUN mkdir -p /opt/tools && echo '#!/bin/sh' >/opt/tools/run && ln /opt/tools/run /opt/tools/again
FROM busybox
ENV MADE=here
COPY --chown=33:33 app /srv/app
COPY --from=tools /opt /opt
WORKDIR /srv/new/deep
RUN umask && echo built >/srv/built && mkfifo /srv/pipe && rm -r /tmp
USER 1000
RUN <<EOF
#!/bin/sh -e
test -s /etc/resolv.conf -a -s /etc/hosts
EOF
RUN --mount=type=cache,target=/srv/cache --mount=type=tmpfs,target=/srv/memory true
`,
  "app/main": { text: "#!/bin/sh\n", mode: 0o755 },
  "app/lib/a": "a",
  "app/lib/b": "b",
};

/** The archive of each account must be that of the others. */
const archives: Buffer[] = [];

describeForAccounts("reproducible builds", (site) => {
  const { account } = site;

  /** The context, written anew somewhere, its files of the age of `year`. */
  function checkOut(name: string, year: number): string {
    const path = join(site.directory, name);
    writeFiles(path, files, account);
    const time = Date.UTC(year, 0) / 1000;
    for (const file of Object.keys(files)) utimesSync(join(path, file), time, time);
    return path;
  }

  async function build(
    context: string,
    flags: string,
    { root = site.root, umask = "022", zone = "UTC" } = {},
  ): Promise<Buffer> {
    const archive = `${context}.tar`;
    const words = [...flags.split(" "), "-o", `type=oci,name=r:1,dest=${archive}`];
    const shell = ["sh", "-c", `umask ${umask}; exec "$@"`, "sh"];
    const env = site.env({ TSBUILD_ROOT: root, TZ: zone });
    const { code, stderr } = await run(account, [...shell, program, ...words, context], { env });
    assert.strictEqual(code, 0, stderr);
    return readFileSync(archive);
  }

  it("T05 --reproducible gives the same bytes to other roots, umasks, zones, ages and accounts", async () => {
    const root = makeDirectory(account);
    await loadBusybox(account, root);
    const first = await build(checkOut("one", 2001), "--reproducible");
    const other = { root, umask: "077", zone: "Asia/Tokyo" };
    const second = await build(checkOut("far/away/two", 2020), "--reproducible --jobs 1", other);
    assert.isTrue(second.equals(first), "elsewhere");
    assert.strictEqual(statSync(join(site.directory, "far/away/two.tar")).mode & 0o777, 0o600);
    const third = await build(checkOut("three", 2010), "--reproducible --no-cache", other);
    assert.isTrue(third.equals(first), "again");
    await removeDirectory(root, account);
    archives.push(first);
    assert.isTrue(archives[0]?.equals(first), `other than for ${accounts[0]?.title ?? ""}`);
  });

  it("T01 SOURCE_DATE_EPOCH alone does so for contexts that are newer", async () => {
    const epoch = "--build-arg SOURCE_DATE_EPOCH=1000000000";
    const first = await build(checkOut("four", 2005), `${epoch} --no-cache`);
    const second = await build(checkOut("five", 2015), `${epoch} --no-cache`);
    assert.isTrue(second.equals(first));
  });
});
