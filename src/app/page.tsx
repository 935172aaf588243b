// test
import { x } from "./x.ts";
export default function Page() {
  return <p className="text-red-500">{x}</p>;
}
