/* <fill-jacobian>: a Jacobian of which nothing is known until a product has been taken. A button above the table puts a
   one into the tangent and brings a column, a button at its left puts a one into the cotangent and brings a row.

   The state holds the products as one number, a digit for each in the order in which they were taken: 1 to n are the
   JVPs with e_1 to e_n, n + 1 to n + m the VJPs with e_1 to e_m. */

"use strict";

{
  const { define, choice, held, undoing, make, canvas } = Explorable;
  const MOST = 8; // products that the larger program has
  const CELL = 34; // pixels for the square of the largest entry
  const KINDS = { JVP: { seed: "tangent", brings: "column" }, VJP: { seed: "cotangent", brings: "row" } };

  const written = (value) => value.toFixed(3).replace("-", "−");
  const plural = (count, word) => `${count} ${word}${count === 1 ? "" : word === "pass" ? "es" : "s"}`;
  const unit = (k) => [make("i", {}, "e"), make("sub", {}, String(k + 1))];

  /* What is known after some products, and what the last of them has brought. Digits that make no sense are left out,
     and so are repetitions. */
  function fill({ shape: [m, n], columns, rows }, digits) {
    const products = [
      ...columns.map((entries, k) => ({ kind: "JVP", k, entries, holds: (i, j) => j === k })),
      ...rows.map((entries, k) => ({ kind: "VJP", k, entries, holds: (i, j) => i === k })),
    ];
    const order = [...new Set(String(digits))].filter((digit) => products[digit - 1]);
    const taken = order.map((digit) => products[digit - 1]);
    const places = rows.flatMap((row, i) => row.map((_, j) => [i, j]));
    const knownBy = (some) => places.filter(([i, j]) => some.some((product) => product.holds(i, j)));
    const [before, known] = [knownBy(taken.slice(0, -1)), knownBy(taken)];
    const missing = places.filter((place) => !known.includes(place));
    const left = [1, 0].map((axis) => new Set(missing.map((place) => place[axis])).size);
    return { products, taken, known, fresh: known.length - before.length, left, order: Number(order.join("")), m, n };
  }

  /* A square as large as the entry's root, hatched where it is negative, and the number. */
  function drawEntry(value, largest, kind) {
    const side = CELL * Math.sqrt(Math.abs(value) / largest);
    const corner = (CELL - side) / 2;
    const square = { x: corner, y: corner, width: side, height: side };
    const across = [0.25, 0.5, 0.75, 1].map((share) => side * share);
    const hatches = across.map((far) => `M${corner} ${corner + far}L${corner + far} ${corner}`
      + `M${corner + side - far} ${corner + side}L${corner + side} ${corner + side - far}`).join("");
    const drawing = canvas(CELL, CELL, "", [
      make("rect", { ...square, class: `area ${kind}`, "fill-opacity": value < 0 ? 0 : 0.6 }),
      value < 0 && make("path", { d: hatches, class: `area ${kind}` }),
    ]);
    drawing.setAttribute("aria-hidden", "true");
    return [drawing, make("span", {}, written(value))];
  }

  function drawTable(program, { products, taken, order, m, n }, set) {
    const largest = Math.max(...program.rows.flat().map(Math.abs));
    const last = taken.at(-1);
    const button = (index) => {
      const { kind, k } = products[index];
      const done = taken.includes(products[index]);
      return make("button", {
        type: "button",
        class: "two-lines",
        "data-key": index,
        "aria-label": `${kind} with e${k + 1}`,
        "aria-disabled": String(done),
        onclick: () => done || set({ products: 10 * order + index + 1 }),
      }, [make("span", {}, kind), make("span", {}, unit(k))]);
    };
    const seed = (kind, k) => (last?.kind === kind ? String(Number(last.k === k)) : "");
    const entry = (i, j) => {
      if (!taken.some((product) => product.holds(i, j))) return make("td");
      const kind = last.holds(i, j) ? "series-2" : "series-1";
      return make("td", {}, drawEntry(program.rows[i][j], largest, kind));
    };
    const blank = () => make("td", { colspan: 2 });
    const [down, across] = [[...Array(m).keys()], [...Array(n).keys()]];
    return make("table", {}, [
      make("tr", {}, [blank(), across.map((j) => make("th", { scope: "col" }, button(j)))]),
      make("tr", {}, [blank(), across.map((j) => make("td", { class: "seed" }, seed("JVP", j)))]),
      down.map((i) => make("tr", { class: "entries" }, [
        make("th", { scope: "row" }, button(n + i)),
        make("td", { class: "seed" }, seed("VJP", i)),
        across.map((j) => entry(i, j)),
      ])),
    ]);
  }

  const paragraph = (...parts) => make("p", {}, parts);

  function say({ data, state }) {
    const { taken, known, fresh, left, m, n } = fill(data[state.program], state.products);
    const alone = `By columns alone it takes ${plural(n, "JVP")}, by rows alone ${plural(m, "VJP")}.`;
    if (taken.length === 0) return [paragraph("Nothing is known yet."), paragraph(alone)];
    const { kind, k, entries } = taken.at(-1);
    const { seed, brings } = KINDS[kind];
    const vector = Array.from({ length: kind === "JVP" ? n : m }, (_, place) => Number(place === k));
    const arrived = `, the ${seed} (${vector.join(", ")}): ${brings} ${k + 1} is ${entries.map(written).join(", ")}.`;
    const news = fresh === 0 ? " All of it was known." : ` Of these, ${fresh} ${fresh === 1 ? "is" : "are"} new.`;
    const jvps = taken.filter((product) => product.kind === "JVP").length;
    const kinds = `${plural(jvps, "JVP")}, ${plural(taken.length - jvps, "VJP")}`;
    const passes = `${plural(taken.length, "pass")} so far (${kinds}): ${known.length} of ${m * n} entries are known.`;
    const rest = `To know them all: ${plural(left[0], "more JVP")}, or ${plural(left[1], "more VJP")}.`;
    return [
      paragraph(make("b", {}, [`${kind} with `, unit(k)]), arrived, fresh < entries.length && news),
      paragraph(passes),
      paragraph(known.length < m * n ? rest : alone),
    ];
  }

  define("fill-jacobian", {
    controls: (data) => [
      choice("program", { label: "Program", options: data.map((program) => program.name) }),
      held("products", { count: 10 ** MOST, start: 1 }),
    ],
    draw: ({ data, state, set }) => {
      const program = data[state.program];
      const filled = fill(program, state.products);
      return [undoing("products", filled.order, set), drawTable(program, filled, set)];
    },
    say,
  });
}
