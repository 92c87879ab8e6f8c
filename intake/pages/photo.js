// A photo for a report, made small on the phone before it is kept: what is sent over a crowded cell must be small.

const LONGEST_SIDE = 1280; // pixels: a ballot's print can still be read
const MOST_BYTES = 900000; // the server takes a million
const QUALITIES = [0.7, 0.5, 0.3];

/** How large a picture is drawn: never larger than it is. @param {number} width @param {number} height */
export function fitted(width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The photo as a small JPEG; null where the phone cannot read it. @param {Blob} file @returns {Promise<ArrayBuffer | null>} */
export async function smallCopy(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const canvas = document.createElement("canvas");
    Object.assign(canvas, fitted(picture.width, picture.height));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    for (const quality of QUALITIES) {
      /** @type {Blob | null} */
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (blob && blob.size <= MOST_BYTES) return await blob.arrayBuffer();
    }
  } catch { /* no picture, or a kind that this phone does not know */ }
  return null;
}
