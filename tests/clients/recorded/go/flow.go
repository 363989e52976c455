// One flow with golang.org/x/oauth2 and its defaults. Recorded by ../../record.mjs, with Debian's
// golang-go and golang-golang-x-oauth2-dev: GO111MODULE=off GOPATH=/usr/share/gocode go run flow.go ORIGIN
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"

	"golang.org/x/oauth2/clientcredentials"
)

func call(client *http.Client, url string, request map[string]string) map[string]any {
	body, err := json.Marshal(request)
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		log.Fatal(url, ": ", response.Status)
	}
	var reply map[string]any
	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil {
		log.Fatal(err)
	}
	return reply
}

func main() {
	origin := os.Args[1]
	config := clientcredentials.Config{ClientID: "sandbox", ClientSecret: "sandbox-secret", TokenURL: origin + "/token"}
	client := config.Client(context.Background())
	// This number passes without the browser.
	started := call(client, origin+"/v3/start", map[string]string{"flowType": "mobile", "phoneNumber": "2001001695"})
	validated := call(client, origin+"/v3/validate", map[string]string{"correlationId": started["correlationId"].(string)})
	if validated["success"] != true {
		log.Fatal("not validated")
	}
}
