(() => {
  const pulse = document.getElementById("pulse");
  const say = (words, kind) => { pulse.textContent = words; pulse.className = kind; };
  const source = new EventSource(document.body.dataset.live);
  source.onopen = () => say("live", "live");
  source.onerror = () => say("connection lost, trying again", "lost");
  source.addEventListener("over", () => { source.close(); location.reload(); });
  const late = {};
  const show = () => {
    for (const [id, html] of Object.entries(late)) {
      const part = document.getElementById(id);
      if (part && part.querySelector(":active")) continue; // something in it is just being pressed
      delete late[id];
      if (!part) continue;
      const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
      const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
      part.innerHTML = html;
      for (const one of open) { const again = document.getElementById(one); if (again) again.open = true; }
      const again = focused && document.getElementById(focused);
      if (again) again.focus({ preventScroll: true });
    }
  };
  source.onmessage = (message) => { Object.assign(late, JSON.parse(message.data)); show(); };
  document.addEventListener("pointerup", () => setTimeout(show, 0));
})();
