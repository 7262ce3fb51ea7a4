import { assert } from "chai";
import { describeForAccounts } from "./support/site.js";

describeForAccounts("questions about a Dockerfile", (site) => {
  it("F10 --check tells what is wrong on standard output, and exits with 1", async () => {
    const images = async (): Promise<string> => (await site.ok(["images", "-q"])).stdout;
    const before = await images();
    const Dockerfile = "FROM busybox\nMAINTAINER me\nRUN exit 3\nCOPY none /\n";
    const { code, stdout } = await site.tsbuild(["--check", site.context({ Dockerfile })]);
    assert.strictEqual(code, 1);
    assert.match(stdout, /^Check complete, 1 warning has been found!\n\nWARNING: MaintainerDepr/);
    assert.match(stdout, /^ {3}2 \| >>> MAINTAINER me$/m);
    assert.strictEqual(await images(), before);
  });

  it("F09 --call=outline,format=json is for programs, whatever else is said", async () => {
    const Dockerfile = "# V is the version\nARG V=1\nFROM busybox AS one\nARG V\nRUN exit $V\n";
    const context = site.context({ Dockerfile });
    const { stdout } = await site.ok(["--call=outline,format=json", "--build-arg=V=2", context]);
    const { name, args } = JSON.parse(stdout) as { name: string; args: readonly object[] };
    assert.strictEqual(name, "one");
    assert.lengthOf(args, 1);
    assert.deepInclude(args[0], { name: "V", value: "2", description: "is the version" });
  });
});
