/* The theme that the reader chose, in place before the first paint. Storage may be closed to pages opened from disk. */

"use strict";

try {
  document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
} catch {
  // The system's theme, then.
}
