// Loads the compiled islands and brings each <leptos-island> of the page to life, outer ones before those inside.
import init, * as islands from "./__GLUE__";

await init({ module_or_path: new URL("./__WASM__", import.meta.url) });
islands.hydrate();
for (const element of document.querySelectorAll("leptos-island")) {
  islands[element.dataset.component]?.(element);
}
