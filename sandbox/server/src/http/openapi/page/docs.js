/* global SwaggerUIBundle */
// No validator: it is a service elsewhere.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  defaultModelRendering: "model",
  defaultModelExpandDepth: 2,
  defaultModelsExpandDepth: 0,
  persistAuthorization: true,
  validatorUrl: null,
});
