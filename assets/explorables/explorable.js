/* The ground of all explorables: figures with something to move. A classic script without dependencies, so that a
   page opened from disk runs it; it makes one global, `Explorable`.

   An explorable is a custom element that holds its data (code/figures/explorables.py writes both):

     <step-size id="step-size" class="explorable" data-label="Slide the step">
       <script type="application/json">{ … }</script> …
     </step-size>

   Its own script says what can be moved, how that looks, and what it means in words:

     Explorable.define("step-size", {
       controls: (data) => [Explorable.slider("step", { … })],
       draw: ({ data, state, width, set }) => Explorable.canvas(width, 200, "…", […]),
       say: ({ data, state }) => ["…"],
     });

   A state is a few whole numbers by name, each an index into some list of the data: `{ step: 30 }`. They are in the
   address as well, `#step-size?step=30`, so that a state can be linked to. `draw` and `say` make everything anew out
   of the state; `set({ step: 31 })` is how a click in the picture changes it. Nothing is computed here that the book
   could have computed: scripts choose, draw and format. Nothing moves by itself. */

"use strict";

globalThis.Explorable ??= (() => {
  const DRAWN = new Set(["svg", "g", "path", "line", "circle", "rect", "polygon", "text", "tspan"]);
  const NARROW = 480; // pixels
  const PAUSE = 400; // ms between a change and its trace in the address; browsers limit how often that may change

  /* An element: of SVG or of HTML, by its tag. Attributes that are null or false are left out; functions are
     listeners (`onclick`). Children: nodes and strings, in arrays as deep as you like; null and false are left out.
     In strings *stars* make italics: "*f*(*x*)". */
  function make(tag, attributes = {}, children = []) {
    const node = DRAWN.has(tag)
      ? document.createElementNS("http://www.w3.org/2000/svg", tag)
      : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") node.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
    }
    node.append(...present(children, DRAWN.has(tag) ? ["tspan", { "font-style": "italic" }] : ["i", {}]));
    return node;
  }

  const present = (children, italic = ["i", {}]) => [children].flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .flatMap((child) => (typeof child === "string" ? starred(child, italic) : child));

  const starred = (text, italic) =>
    text.split("*").map((part, k) => (k % 2 ? make(...italic, part) : part)).filter((part) => part !== "");

  const plain = (text) => text.replaceAll("*", "");

  // Numbers -----------------------------------------------------------------------------------------------------

  const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

  /* A number to so many digits, as code/figures/numbers.py writes it: plain between 0.01 and 1000, else with a power
     of ten: 0.25, 3.2 × 10⁻⁸. */
  function number(value, digits = 2) {
    const size = Math.abs(value);
    if (value === 0 || (size >= 0.01 && size < 1000)) {
      const plain = size >= 10 ** digits ? value.toFixed(0) : String(Number(value.toPrecision(digits)));
      return plain.replace("-", "−");
    }
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    const power = `10${[...exponent.replace("+", "")].map((sign) => RAISED[sign]).join("")}`;
    return Number(mantissa) === 1 ? power : `${mantissa.replace("-", "−")} × ${power}`;
  }

  // Scales and axes ---------------------------------------------------------------------------------------------

  /* A scale is a function from a value to a place in the picture, with its `domain`, its `range`, and `ticks(most)`. */
  function scale(along, domain, range, ticks) {
    const [low, high] = domain.map(along);
    const place = (value) => range[0] + ((along(value) - low) / (high - low)) * (range[1] - range[0]);
    return Object.assign(place, { domain, range, ticks });
  }

  function linear(domain, range) {
    return scale(Number, domain, range, (most = 5) => {
      const rough = (domain[1] - domain[0]) / most;
      const ten = 10 ** Math.floor(Math.log10(rough));
      const step = ten * [1, 2, 5, 10].find((factor) => factor * ten >= rough);
      const first = Math.ceil(domain[0] / step);
      const count = Math.floor(domain[1] / step) - first + 1;
      return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(12)));
    });
  }

  /* Powers of ten at equal distances; zero and what is below it have no place on it. */
  function logarithmic(domain, range) {
    return scale(Math.log10, domain, range, (most = 5) => {
      const [low, high] = domain.map(Math.log10);
      const stride = Math.max(1, Math.ceil((high - low) / most));
      const first = Math.ceil(low / stride);
      const count = Math.floor(high / stride) - first + 1;
      return Array.from({ length: count }, (_, k) => Number(`1e${(first + k) * stride}`));
    });
  }

  /* The `d` of a path through points; it is broken where a point has no place. */
  function path(xs, ys, x, y) {
    let pen = "M";
    return xs.map((value, k) => {
      const [across, down] = [x(value), y(ys[k])];
      if (!Number.isFinite(across) || !Number.isFinite(down)) {
        pen = "M";
        return "";
      }
      const drawn = `${pen}${across.toFixed(1)} ${down.toFixed(1)}`;
      pen = "L";
      return drawn;
    }).join("");
  }

  /* Grid, tick labels and the names of both axes, below and left of the area that two scales span. A list of ticks
     may be given, each a value or a pair of value and text. */
  function axes(x, y, { xName = "", yName = "", xTicks = x.ticks(), yTicks = y.ticks() } = {}) {
    const [left, right] = x.range;
    const [bottom, top] = y.range;
    const pairs = (ticks) => ticks.map((tick) => (Array.isArray(tick) ? tick : [tick, number(tick)]));
    const line = (x1, y1, x2, y2, kind) => make("line", { x1, y1, x2, y2, class: kind });
    return make("g", { class: "axes" }, [
      pairs(xTicks).map(([value, text]) => [
        line(x(value), bottom, x(value), top, "grid"),
        make("text", { x: x(value), y: bottom + 18, "text-anchor": "middle" }, text),
      ]),
      pairs(yTicks).map(([value, text]) => [
        line(left, y(value), right, y(value), "grid"),
        make("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, text),
      ]),
      line(left, bottom, right, bottom, "axis"),
      line(left, bottom, left, top, "axis"),
      xName && make("text", { x: (left + right) / 2, y: bottom + 38, "text-anchor": "middle" }, xName),
      yName && make("text", { x: left, y: top - 10, "text-anchor": "start" }, yName),
    ]);
  }

  /* A drawing, measured in pixels; `alt` says what it shows, whatever the state. */
  function canvas(width, height, alt, children) {
    return make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": alt }, children);
  }

  /* A line of words behind a sample of the line in the picture that it speaks of: a legend with something to say. */
  function keyed(kind, words) {
    const sample = make("svg", { width: 34, height: 12, "aria-hidden": "true" }, [
      make("line", { x1: 0, x2: 34, y1: 6, y2: 6, class: `line ${kind}` }),
    ]);
    return make("p", { class: "keyed" }, [sample, make("span", {}, words)]);
  }

  /* Two drawings side by side, as high as `wide`; where that is too narrow the second stands below the first, as high as
     `upper` and `lower`. Each is drawn by a function of its width and height. */
  function sideBySide(width, first, second, { wide, upper, lower }) {
    if (width < NARROW) return [first(width, upper), second(width, lower)];
    const left = Math.floor(0.42 * width);
    return [first(left, wide), second(width - left, wide)];
  }

  // Controls ----------------------------------------------------------------------------------------------------

  /* A control is made of its place in the state (`name`, `count`, `start`) and of `build(id, set)`, which gives the
     `nodes` on the page and the function `show` that brings them up to date. */

  /* A slider over a list, with a button for each direction. `text(k)` says in words what the k-th place is. */
  function slider(name, { label, count, start = 0, text = String }) {
    function build(id, set) {
      const shown = make("span", { class: "value", "aria-hidden": "true" });
      const input = make("input", {
        type: "range", id, min: 0, max: count - 1, step: 1, autocomplete: "off",
        oninput: () => set({ [name]: input.valueAsNumber }),
      });
      const button = (sign, way, by) => make("button", {
        type: "button", "aria-label": `${plain(label)}: ${way}`,
        onclick: () => set({ [name]: input.valueAsNumber + by }),
      }, sign);
      const show = (value) => {
        input.value = value;
        input.setAttribute("aria-valuetext", plain(text(value)));
        shown.replaceChildren(...present(text(value)));
      };
      const head = make("div", { class: "head" }, [make("label", { for: id }, label), shown]);
      const row = make("div", { class: "row" }, [button("‹", "back", -1), input, button("›", "forward", 1)]);
      return { nodes: [make("div", { class: "slider" }, [head, row])], show };
    }
    return { name, count, start, build };
  }

  /* One of a few, as radio buttons: `options` are their texts. */
  function choice(name, { label, options, start = 0 }) {
    function build(id, set) {
      const inputs = options.map((_, value) => make("input", {
        type: "radio", name: id, value, autocomplete: "off", onchange: () => set({ [name]: value }),
      }));
      const labels = options.map((text, value) => make("label", {}, [inputs[value], make("span", {}, text)]));
      const show = (value) => { inputs[value].checked = true; };
      return { nodes: [make("fieldset", { class: "choice" }, [make("legend", {}, label), labels])], show };
    }
    return { name, count: options.length, start, build };
  }

  /* A place in the state without a control: the picture changes it by `set`. */
  function held(name, { count, start = 0 }) {
    return { name, count, start, build: () => ({ nodes: [], show: () => {} }) };
  }

  /* For choices made one after the other, held as the digits of one number: the buttons, for the picture, that take
     back the last of them, and all. */
  function undoing(name, digits, set) {
    const button = (text, to) => make("button", {
      type: "button",
      "data-key": text,
      "aria-label": text,
      "aria-disabled": String(digits === 0),
      onclick: () => set({ [name]: to }),
    }, text);
    return make("div", { class: "buttons" }, [button("Undo", Math.floor(digits / 10)), button("Start over", 0)]);
  }

  // The element -------------------------------------------------------------------------------------------------

  function define(tag, { controls, draw, say }) {
    customElements.define(tag, class extends HTMLElement {
      #data;
      #controls;
      #state;
      #picture = make("div", { class: "picture" });
      #words = make("output", { "aria-live": "polite" });
      #width = 0;
      #timer;

      connectedCallback() {
        this.#data = JSON.parse(this.querySelector("script").textContent);
        this.#controls = controls(this.#data);
        this.#state = this.#linked() ?? this.#start();
        this.#build();
        new ResizeObserver(() => this.#measure()).observe(this.#picture);
        this.#measure();
        if (this.#linked()) this.scrollIntoView();
        addEventListener("hashchange", () => {
          const state = this.#linked();
          if (state) {
            this.#state = state;
            this.#show();
            this.scrollIntoView();
          }
        });
      }

      #build() {
        const set = (changes) => this.#set(changes);
        for (const control of this.#controls) {
          Object.assign(control, control.build(`${this.id}-${control.name}`, set));
        }
        const title = make("p", { class: "title", id: `${this.id}-title` }, this.dataset.label);
        this.setAttribute("role", "group");
        this.setAttribute("aria-labelledby", title.id);
        const panel = make("div", { class: "controls" }, this.#controls.map((control) => control.nodes));
        this.replaceChildren(title, panel, this.#picture, this.#words);
      }

      /* The state that the book shows first. */
      #start() {
        return Object.fromEntries(this.#controls.map(({ name, start }) => [name, start]));
      }

      /* The state that the address asks for, if it speaks of this element. What is no number of the list that it
         points into stays at its start. */
      #linked() {
        const [id, query] = location.hash.slice(1).split("?");
        if (id !== this.id || query === undefined) return null;
        const wanted = new URLSearchParams(query);
        const state = this.#start();
        for (const { name, count } of this.#controls) {
          const value = wanted.get(name);
          if (/^\d+$/.test(value) && Number(value) < count) state[name] = Number(value);
        }
        return state;
      }

      #set(changes) {
        for (const { name, count } of this.#controls) {
          if (name in changes) this.#state[name] = Math.max(0, Math.min(count - 1, changes[name]));
        }
        this.#words.ariaBusy = "true"; // who listens hears where a slider has come to, not all that it has passed
        this.#show();
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
          this.#words.ariaBusy = "false";
          history.replaceState(history.state, "", `#${this.id}?${new URLSearchParams(this.#state)}`);
        }, PAUSE);
      }

      #measure() {
        const width = Math.floor(this.#picture.getBoundingClientRect().width);
        if (width === this.#width) return;
        this.#width = width;
        this.#words.style.minHeight = "";
        this.#show();
      }

      /* What has the focus keeps it, though its node is a new one: those that can have it carry a data-key. Where that
         key is gone, the last one that there is gets the focus: a keyboard is not sent back to the top of the page. */
      #show() {
        const seen = { data: this.#data, state: { ...this.#state }, width: this.#width, set: (to) => this.#set(to) };
        const { key } = this.#picture.contains(document.activeElement) ? document.activeElement.dataset : {};
        for (const { name, show } of this.#controls) show(this.#state[name]);
        this.#picture.replaceChildren(...present(draw(seen)));
        this.#words.replaceChildren(...present(say(seen)));
        this.#words.style.minHeight = `${this.#words.offsetHeight}px`; // fewer words do not move the page below
        if (key === undefined) return;
        const kept = this.#picture.querySelector(`[data-key="${key}"]`);
        (kept ?? [...this.#picture.querySelectorAll("[data-key]")].at(-1))?.focus();
      }
    });
  }

  return {
    define, slider, choice, held, undoing,
    make, canvas, sideBySide, axes, linear, logarithmic, path, keyed, number,
  };
})();
