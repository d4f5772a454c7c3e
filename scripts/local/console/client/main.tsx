import "./style.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { connect } from "./connect.ts";
import { Store } from "./store.ts";

const store = new Store();
connect(store);
render(<App store={store} />, document.getElementById("app") as HTMLElement);
