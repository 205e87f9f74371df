/* <swell-counter>: the derivatives of three programs, written out and with each part once. Left, how both grow with the
   length of the program; right, the formula, as far as it fits; below, the lines that it is made of.

   The data hold only the lines: pieces of text, and numbers of other lines. The long formula is what comes of putting
   these lines into each other. */

"use strict";

{
  const { define, slider, choice, held, make, canvas, axes, logarithmic, path, keyed, number } = Explorable;
  const FITS = 520; // characters of the formula that are shown
  const LINES = 8; // lines that can be pressed
  const RESULT = 120; // characters of what they lead to
  const CURVES = {
    "derivative, written out": "series-2",
    "program, written out": "series-3",
    "derivative, shared": "series-1",
  };

  const literal = (text) => document.createTextNode(text); // its stars are products, no italics
  const count = (value) => (value < 1e6 ? value.toLocaleString("en-US") : number(value));
  const name = (line) => `t${line + 1}`;

  /* What a state is about: a program and its derivative, and the lines that can be pressed, one of which is. */
  function chosen({ data, state }) {
    const program = data[state.program];
    const derivative = program.derivatives[state.length];
    const lines = derivative.lines.slice(0, LINES);
    const sizes = Object.fromEntries(Object.entries(program.sizes).map(([key, sizes]) => [key, sizes[state.length]]));
    return { program, derivative, lines, sizes, part: Math.min(state.part, lines.length - 1) };
  }

  /* A line as it stands, with the names of others in it. */
  const short = (pieces) => pieces.map((piece) => (typeof piece === "string" ? piece : name(Number(piece)))).join("");

  /* The formula with the lines put into each other, up to so many characters; copies of one part are marked. */
  function writtenOut({ lines, results }, part) {
    let room = FITS;
    const write = (pieces) => pieces.map((piece) => {
      if (room <= 0) return null;
      if (Array.isArray(piece)) return write(["(", ...piece, ")"]);
      if (typeof piece === "number") {
        const inner = write(lines[piece].pieces);
        return piece === part ? make("mark", {}, inner) : inner;
      }
      const text = piece.slice(0, room);
      room -= text.length;
      return literal(text);
    });
    return write(results.flatMap((pieces, k) => (k > 0 ? [", ", ...pieces] : pieces)));
  }

  const note = (...text) => make("p", { class: "note" }, text);
  const source = (...nodes) => make("p", { class: "source" }, nodes);

  function drawFormula({ derivative, part }) {
    const rest = derivative.characters - FITS;
    return make("div", { class: "formula" }, [
      note("Written out:"),
      source(writtenOut(derivative, part)),
      rest > 0 && note(`… and ${count(rest)} characters more.`),
    ]);
  }

  /* The nodes for every length, and a mark at the chosen one. */
  function drawGrowth({ program, sizes }, length, most, width, height) {
    const x = logarithmic([2, program.length.at(-1)], [48, width - 12]);
    const y = logarithmic([2, most], [height - 44, 26]);
    const at = program.length[length];
    const xTicks = [2, 4, 8, 16, 32].map((tick) => [tick, String(tick)]);
    const curves = Object.entries(CURVES);
    return canvas(width, height, "Nodes against the length of the program, with a mark at the chosen length", [
      axes(x, y, { xName: "length *k*", yName: "nodes", xTicks }),
      make("line", { x1: x(at), x2: x(at), y1: y.range[0], y2: y.range[1], class: "mark" }),
      curves.map(([key, kind]) =>
        make("path", { d: path(program.length, program.sizes[key], x, y), class: `line ${kind}` })),
      curves.map(([key, kind]) => make("circle", { cx: x(at), cy: y(sizes[key]), r: 5.5, class: `dot ${kind}` })),
    ]);
  }

  /* Each part once: the lines as buttons, and the result that they lead to. */
  function drawLines({ derivative, lines, part }, set) {
    const button = ({ pieces }, k) => {
      const text = `${name(k)} = ${short(pieces)}`;
      const pressed = String(k === part);
      const press = () => set({ part: k });
      const options = { type: "button", "data-key": k, "aria-label": text, "aria-pressed": pressed, onclick: press };
      return make("button", options, literal(text));
    };
    const result = derivative.results.map(short).join(", ");
    const more = derivative.lines.length - lines.length;
    return make("div", { class: "lines" }, [
      note("Each part once:"),
      make("div", {}, lines.map(button)),
      note(more > 0 && `… and ${more} lines more. `, "The result:"),
      source(literal(result.length > RESULT ? `${result.slice(0, RESULT)} …` : result)),
    ]);
  }

  function say(seen) {
    const { derivative, lines, sizes, part } = chosen(seen);
    const pages = derivative.pages < 1 ? "" : `, ${number(derivative.pages)} pages of this book`;
    const words = {
      "derivative, written out": ["Derivative, written out", `${count(derivative.characters)} characters${pages}`],
      "program, written out": ["Program, written out", "before anything is differentiated"],
      "derivative, shared": ["Derivative, each part once", `the program has ${sizes["program, shared"]}`],
    };
    const copies = lines.length === 0
      ? "Nothing here is worth a line of its own."
      : [make("b", {}, name(part)), ` is computed once, and written ${count(lines[part].copies)} times.`];
    return [
      Object.entries(CURVES).map(([key, kind]) => {
        const [title, aside] = words[key];
        return keyed(kind, [make("b", {}, title), `: ${count(sizes[key])} nodes; ${aside}`]);
      }),
      make("p", {}, copies),
    ];
  }

  define("swell-counter", {
    controls: (data) => [
      choice("program", { label: "Program", options: data.map(({ program }) => program), start: 1 }),
      slider("length", {
        label: "Length",
        count: data[0].length.length,
        start: data[0].length.indexOf(4),
        text: (k) => `*k* = ${data[0].length[k]}`,
      }),
      held("part", { count: LINES }),
    ],
    draw: (seen) => {
      const { data, state, width, set } = seen;
      const shown = chosen(seen);
      const most = Math.max(...data.flatMap(({ sizes }) => sizes["derivative, written out"]));
      const left = width < 480 ? width : Math.floor(0.45 * width);
      return [drawGrowth(shown, state.length, most, left, 280), drawFormula(shown), drawLines(shown, set)];
    },
    say,
  });
}
