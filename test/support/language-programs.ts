// Programs in Go and Java as people write them: one request with the token of the environment.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the compiler of Go lies, too, on machines that have it from its makers. */
export const GO_PATH = `${process.env.PATH}:/usr/local/go/bin`;

const GO_SOURCE = `package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	request, err := http.NewRequest("GET", os.Args[1], nil)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(response.Proto, string(body))
}
`;

export const JAVA_SOURCE = `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Ask {
    public static void main(String[] arguments) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0]))
            .header("Authorization", "Bearer " + System.getenv("TOKEN"))
            .build();
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(response.version() + " " + response.body());
    }
}
`;

/** Built by this machine's compiler; its own cache makes that quick the next time. */
export function buildGoProgram(): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), "berth-go-"));
  try {
    writeFileSync(join(directory, "go.mod"), "module ask\n");
    writeFileSync(join(directory, "main.go"), GO_SOURCE);
    execFileSync("go", ["build", "-ldflags=-s", "-o", "ask"], {
      cwd: directory,
      env: { ...process.env, PATH: GO_PATH },
    });
    return readFileSync(join(directory, "ask"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
