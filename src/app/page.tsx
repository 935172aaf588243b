// `/`: all sessions.
import { SessionsRoom } from "./sessions/sessions-room.tsx";

export default function Page() {
  return <SessionsRoom />;
}
