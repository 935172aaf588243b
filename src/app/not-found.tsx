// An address that leads nowhere.
import Link from "next/link";
import { EmptyState } from "./components/empty-state.tsx";

export default function NotFound() {
  return (
    <EmptyState alone title="There is nothing at this address">
      <Link href="/" className="text-accent underline">
        To the sessions
      </Link>
    </EmptyState>
  );
}
