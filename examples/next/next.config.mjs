const gateway = process.env.GATEWAY ?? "http://127.0.0.1:8080";

export default {
  // Next's own compression holds the stream back.
  compress: false,
  rewrites: async () => [
    {
      source: "/api/registrations/updates/stream",
      destination: `${gateway}/api/registrations/updates/stream`,
    },
  ],
};
