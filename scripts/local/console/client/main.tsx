import "./style.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { connect } from "./connect.ts";
import { Store } from "./store.ts";

// What is written is kept in the draft, what is looked at in the address: nothing is lost.
const store = new Store(() => location.reload());
connect(store);
render(<App store={store} />, document.getElementById("app") as HTMLElement);
