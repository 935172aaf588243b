// Which call the keys A, D and R are for: the first of this page that waits for a person; null where there are no keys.
"use client";

import { createContext } from "react";

export const FirstAsking = createContext<string | null>(null);
