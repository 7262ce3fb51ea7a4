import { assert } from "chai";
import fc from "fast-check";
import { Template } from "../../../src/cli/format/template.js";
import { struct } from "../../../src/cli/format/template-value.js";
import { table, type Case } from "../args/table.js";

const data = struct(
  {
    Id: "sha256:abc",
    Tags: ["web:1", "web:2"],
    Size: 2048,
    None: [],
    Nothing: null,
    Config: struct(
      { User: "web", Env: ["A=1", "B=2"], Labels: { b: "2", a: "1" } },
      { Cmd: [], StopSignal: "" },
    ),
  },
  { Comment: "" },
);

const render = (text: string): string => new Template(text).render(data);

const texts: readonly Case[] = [
  ["", ""],
  ["plain }} text", "plain }} text"],
  ["{{.Id}}", "sha256:abc"],
  ["{{ .Config.User }}!", "web!"],
  ["{{.}}", "{sha256:abc [web:1 web:2] 2048 [] <nil> {web [A=1 B=2] map[a:1 b:2]}}"],
  [
    "{{.Tags}} {{.None}} {{.Nothing}} {{.Config.Labels}}",
    "[web:1 web:2] [] <no value> map[a:1 b:2]",
  ],
  ["{{.Comment}}|{{.Config.Cmd}}|{{.Config.StopSignal}}", "|[]|"],
  ["{{.Config.Labels.b}} {{.Config.Labels.constructor}}", "2 <no value>"],
  ["{{.Nothing.More}}", "<no value>"],
  [
    "{{json .Tags}} {{json .Config}}",
    '["web:1","web:2"] {"User":"web","Env":["A=1","B=2"],"Labels":{"b":"2","a":"1"}}',
  ],
  ["{{json .Comment}} {{json .Nothing}}", '"" null'],
  ["{{range .Tags}}{{.}},{{end}}", "web:1,web:2,"],
  ["{{range .None}}x{{else}}none{{end}}", "none"],
  ["{{range $i, $tag := .Tags}}{{$i}}={{$tag}} {{$.Size}};{{end}}", "0=web:1 2048;1=web:2 2048;"],
  ["{{range $v := .Tags}}{{$v}}{{end}}", "web:1web:2"],
  ["{{range $k, $v := .Config.Labels}}{{$k}}{{$v}}{{end}}", "a1b2"],
  ["{{range 3}}{{.}}{{end}}", "012"],
  [
    "{{range .Tags}}{{break}}x{{end}}{{range .Tags}}{{if eq . `web:1`}}{{continue}}{{end}}{{.}}{{end}}",
    "web:2",
  ],
  ["{{if .None}}a{{else if .Tags}}b{{else}}c{{end}}", "b"],
  ["{{if .None}}a{{else if .Nothing}}b{{else}}c{{end}}d", "cd"],
  ["{{with .Config}}{{.User}}{{end}}{{with .None}}x{{else with .Size}}{{.}}{{end}}", "web2048"],
  [
    "{{index .Tags 1}} {{index .Config.Labels `a`}} {{index .Config.Labels `z`}}",
    "web:2 1 <no value>",
  ],
  ["{{len .Tags}} {{len .Id}} {{len .Config.Labels}} {{len .Nothing}}", "2 10 2 0"],
  ["{{slice .Id 7 9}} {{slice .Tags 1}}", "ab [web:2]"],
  [
    "{{join .Tags `, `}} {{.Tags | len}} {{.Id | truncate}}",
    'Cannot use --format "{{join .Tags `, `}} {{.Tags | len}} {{.Id | truncate}}": <no value> is not a whole number',
  ],
  [
    "{{join .Config.Env `,` | printf `%s-%d` `x`}}",
    'Cannot use --format "{{join .Config.Env `,` | printf `%s-%d` `x`}}": printf "%d" wants a whole number, not A=1,B=2',
  ],
  [
    "{{upper .Id}} {{lower `AB`}} {{title `a web app`}} {{truncate .Id 4}}",
    "SHA256:ABC ab A Web App sha2",
  ],
  ["{{split `a:b` `:`}}[{{pad `x` 1 2}}]", "[a b][ x  ]"],
  ["{{println .Size `a`}}{{print 1 2}}", "2048 a\n1 2"],
  [
    '{{printf `%s|%-5s|%5d|%05d|%q|%v|%.2s|%t|%x|%.1f|%%` `a` `b` 7 7 `c"` .Tags `xyz` true 255 1.25}}',
    'a|b    |    7|00007|"c\\""|[web:1 web:2]|xy|true|ff|1.3|%',
  ],
  ["{{printf `%q` .Tags}} {{printf `%s`}} {{printf `%+d` 3}}", '["web:1" "web:2"] %!s(MISSING) +3'],
  [
    "{{eq .Size 2048}} {{ne .Id `x`}} {{eq 3 1 2 3}} {{lt 1 2}} {{le 2 2}} {{gt `a` `b`}} {{ge 1 2}}",
    "true true true true true false false",
  ],
  ["{{and .Size .None}} {{or .None .Size}} {{not .None}}", "[] 2048 true"],
  ["{{$x := 1}}{{if .Size}}{{$x = 2}}{{$y := 3}}{{end}}{{$x}}", "2"],
  ["{{(index .Tags 0)}} {{(.Config).User}} {{len (index .Tags 0)}}", "web:1 web 5"],
  ["a {{- /* said */ -}} b {{- .Size -}} c", "ab2048c"],
  ["a{{/* it }} has braces */}}b", "ab"],
  ["{{\"a\\tb\\x41\\u00e9\"}}{{'a'}}{{0x10}} {{-3}} {{1.5}}", "a\tbAé9716 -3 1.5"],
];

const wrong: readonly (readonly [string, string])[] = [
  ["{{.Idd}}", 'no field ".Idd": did you mean ".Id"?'],
  ["{{.Xyzzy}}", 'no field ".Xyzzy": there are Id, Tags, Size, None, Nothing, Config, Comment'],
  ["{{.Id.More}}", 'cannot take ".More" of "sha256:abc"'],
  [
    "{{nope .Id}}",
    'no function "nope": and, or, not, eq, ne, lt, le, gt, ge, index, len, slice, print, println, printf, json, join, split, lower, upper, title, pad, truncate',
  ],
  ["{{uper .Id}}", 'no function "uper": did you mean upper?'],
  ["{{constructor}}", 'no function "constructor"'],
  ["{{.Id", 'an action is not closed: want "}}"'],
  ["{{}}", "a value is missing"],
  ["{{if .Id}}", "{{if}} has no {{end}}"],
  ["{{if .Id}}a{{else}}b", "{{if}} has no {{end}}"],
  ["{{if .Id}}a{{else}}b{{else}}c{{end}}", "{{if}} has no {{end}}"],
  ["{{end}}", "unexpected {{end}}"],
  ["{{break}}", "{{break}} outside of {{range}}"],
  ["{{define `a`}}{{end}}", "{{define}} is not supported"],
  ["{{.Id ! }}", 'unexpected "!" in action'],
  ["{{(.Id}}", '")" is missing'],
  ["{{.Id `a`}}", "arguments for what is not a function"],
  ["{{$x}}", 'no variable "$x"'],
  ["{{$x = 1}}", 'no variable "$x"'],
  ["{{index .Tags 2}}", "index 2 is out of range: there are 2"],
  ["{{slice .Tags 3}}", "slice 3 to 2 is out of range: there are 2"],
  ["{{eq .Size `a`}}", "cannot compare 2048 and a"],
  ["{{eq .Tags .Tags}}", "cannot compare [web:1 web:2] and [web:1 web:2]"],
  ["{{lt true false}}", "cannot order true and false"],
  ["{{range .Id}}{{end}}", 'cannot go through "sha256:abc"'],
  ["{{range 99999999999}}{{end}}", "cannot go through 99999999999"],
  ["{{pad .Id -1 0}}", "-1 is not a number from 0 to 1000000"],
  ["{{pad .Id 0 9999999999}}", "9999999999 is not a number from 0 to 1000000"],
  ["{{truncate .Id -1}}", "-1 is not a number from 0 to 1000000"],
  ["{{printf `%99999999999d` 1}}", "printf takes at most 1000000 where it says 99999999999"],
  ["{{printf `%.200f` 1}}", "printf takes at most 100 where it says 200"],
  ["{{upper .Size}}", "2048 is not text"],
  ["{{join .Id `,`}}", "sha256:abc is not a list"],
  ["{{printf `%z` 1}}", 'printf "%z" is not supported: want s, d, q, v, t, x or f'],
  ["{{printf `a` 1}}", 'printf has too many values for "a"'],
  ["{{.Id}} {{`a`.Id}}", 'cannot take ".Id" of "a"'],
  ["{{.Id`a`}}", "a blank is missing between two operands"],
];

table("Template", render, texts);

describe("Template", () => {
  for (const [text, want] of wrong) {
    it(`refuses ${text}`, () => {
      let message = "";
      try {
        render(text);
      } catch (error) {
        message = (error as Error).message;
      }
      const start = `Cannot use --format "${text}": `;
      assert.strictEqual(message.slice(0, start.length), start);
      assert.isTrue(message.slice(start.length).startsWith(want), message);
    });
  }

  it("renders what has no actions as it is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes("{{"));
        assert.strictEqual(render(text), text);
      }),
    );
  });

  it("ends with a text or a clear error, whatever it is given", () => {
    const piece = fc.constantFrom(
      "{{",
      "}}",
      "-",
      " ",
      ".",
      ".Id",
      "$x",
      ":=",
      "=",
      "|",
      "(",
      ")",
      "if",
      "range",
      "with",
      "else",
      "end",
      "break",
      "`a`",
      '"',
      "1",
      ",",
      "len",
      "printf",
      "text",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          assert.isString(render(pieces.join("")));
        } catch (error) {
          assert.match((error as Error).message, /^Cannot use --format /);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
