import { assert } from "chai";
import { formatRows } from "../../../src/cli/format/rows.js";

const headers = { Name: "NAME", ID: "IMAGE ID", Size: "SIZE" };
const rows = [
  { Name: "web", ID: "abc", Size: "1kB" },
  { Name: "a b\tc", ID: "def", Size: "" },
];
const format = (text: string | undefined): string =>
  formatRows(rows, { format: text, headers, columns: ["Name", "Size"] });

const cases: readonly (readonly [string | undefined, string])[] = [
  [undefined, "NAME        SIZE\nweb         1kB\na b     c\n"],
  ["table", "NAME        SIZE\nweb         1kB\na b     c\n"],
  ["json", '{"ID":"abc","Name":"web","Size":"1kB"}\n{"ID":"def","Name":"a b\\tc","Size":""}\n'],
  ["{{.ID}}", "abc\ndef\n"],
  [" {{.ID}}\\t{{.Size}} ", "abc\t1kB\ndef\t\n"],
  ["table {{.ID}}\\t{{upper .Name}}", "IMAGE ID   NAME\nabc        WEB\ndef        A B       C\n"],
  ["table {{.ID}}\t{{json .Size}}", 'IMAGE ID   SIZE\nabc        "1kB"\ndef        ""\n'],
  ["table {{truncate .ID 2}}", "IMAGE ID\nab\nde\n"],
];

describe("formatRows()", () => {
  for (const [text, want] of cases) {
    it(`prints ${JSON.stringify(text)}`, () => {
      assert.strictEqual(format(text), want);
    });
  }

  it("names a field that there is not", () => {
    assert.throws(() => format("{{.Sze}}"), 'no field ".Sze": did you mean ".Size"?');
    assert.throws(() => format("table {{.Sze}}"), 'no field ".Sze": did you mean ".Size"?');
  });
});
