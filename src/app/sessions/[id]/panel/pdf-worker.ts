// What reads PDF files: a thread of its own, from our own server.
import "pdfjs-dist/build/pdf.worker.min.mjs";
