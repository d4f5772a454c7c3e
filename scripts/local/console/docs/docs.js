// Swagger UI's own dark style goes by a class of the root element.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// Names for a screen reader, which Swagger UI leaves out.
const names = {
  "#servers": "Server",
  ".examples-select-element": "Example",
  "select:not(#servers, .examples-select-element)": "Choice",
  textarea: "Request body",
};
const reference = document.getElementById("reference");
const name = () => {
  for (const [selector, label] of Object.entries(names)) {
    for (const element of reference.querySelectorAll(selector)) element.ariaLabel ??= label;
  }
  // Its headings go from the first level to the third, and its introduction and servers are in no landmark.
  for (const level of [3, 4, 5]) {
    for (const heading of reference.querySelectorAll(`h${level}`)) heading.ariaLevel = String(level - 1);
  }
  for (const [selector, label] of Object.entries({
    ".information-container": "About",
    ".scheme-container": "Servers",
  })) {
    for (const part of reference.querySelectorAll(selector)) Object.assign(part, { role: "region", ariaLabel: label });
  }
};
new MutationObserver(name).observe(reference, { childList: true, subtree: true });

SwaggerUIBundle({
  url: "/openapi.json",
  domNode: reference,
  tryItOutEnabled: true,
  // Short enough to find things: schemas and examples open when asked for.
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  defaultModelExpandDepth: 0,
  syntaxHighlight: { theme: "obsidian" },
  // The validator's badge would be fetched from elsewhere.
  validatorUrl: null,
  // Would put links inside of buttons, which a keyboard and a screen reader cannot tell apart.
  deepLinking: false,
});
