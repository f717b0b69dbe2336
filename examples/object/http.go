package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// get reads an object and its ETag, which is empty if there is no object.
func get(ctx context.Context, url string) (o object, etag string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return object{}, "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return object{}, "", err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		err = json.NewDecoder(answer.Body).Decode(&o)
		return o, answer.Header.Get("ETag"), err
	case http.StatusNotFound:
		return object{}, "", nil
	default:
		return object{}, "", fmt.Errorf("GET %s: %s", url, answer.Status)
	}
}

// replace writes an object in place of the one with that ETag, or of none. It returns false if
// there is another one.
func replace(ctx context.Context, url, etag string, o object) (written bool, err error) {
	body, err := json.Marshal(o)
	if err != nil {
		return false, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	if etag == "" {
		request.Header.Set("If-None-Match", "*")
	} else {
		request.Header.Set("If-Match", etag)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent:
		return true, nil
	case http.StatusPreconditionFailed, http.StatusConflict, http.StatusNotFound:
		return false, nil
	default:
		return false, fmt.Errorf("PUT %s: %s", url, answer.Status)
	}
}
